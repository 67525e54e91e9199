//! More ways to throw the dice.

use crate::dice::Dice;

impl Dice {
    /// A place in a list of so many.
    pub fn pick(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).expect("less than what was given")
    }

    /// Whether something happens that does so this often in a thousand times.
    pub fn chance(&mut self, in_a_thousand: u64) -> bool {
        self.below(1000) < in_a_thousand
    }
}
