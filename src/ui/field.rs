//! Fields of a form for their template, `pages/field.html`.

/// A field for its template.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldView {
    pub name: &'static str,
    pub label: &'static str,
    /// The type of its input.
    pub kind: &'static str,
    pub inputmode: &'static str,
    pub autocomplete: &'static str,
    pub is_required: bool,
    pub is_choice: bool,
    pub is_tick: bool,
    pub is_on: bool,
    pub value: String,
    /// Values and names, and whether each is chosen.
    pub options: Vec<(String, String, bool)>,
    pub hint: String,
    pub error: Option<String>,
    /// The ids of hint and error, for screen readers.
    pub described_by: String,
}

impl FieldView {
    /// The same, whose hint and error are named for screen readers.
    #[must_use]
    pub fn described(self) -> Self {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let wrong = self.error.as_ref().map(|_| format!("{}-error", self.name));
        Self { described_by: hint.into_iter().chain(wrong).collect::<Vec<_>>().join(" "), ..self }
    }
}
