//! How many files and connections the system lets this process have open.

use std::fs;

use rustix::process::{Resource, Rlimit, setrlimit};

/// Descriptors that are not connections of the listener: the store's files, calls to other servers, the log.
const OTHERS: u64 = 128;

/// Lowers `connections_max` to what the system's limit on open files leaves besides `others` connections, such as those
/// to a database server, after raising that limit as far as it may be and is needed. A listener that accepted more would
/// fail at every connection, the store's files included.
pub fn within_limit(connections_max: usize, others: usize) -> usize {
    let others = u64::try_from(others).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let wanted = u64::try_from(connections_max).unwrap_or(u64::MAX).saturating_add(others);
    let limit = raised(wanted);
    if limit >= wanted {
        return connections_max;
    }
    let left = usize::try_from(limit.saturating_sub(others)).unwrap_or(usize::MAX).max(1);
    tracing::warn!(
        open_files_max = limit,
        connections_max,
        "the system lets this process open fewer files than connections_max needs: {left} connections are taken at \
         once; raise LimitNOFILE in the service's unit, or ulimit -n"
    );
    left
}

/// The limit on open files, raised to `wanted` where the hard limit allows it.
fn raised(wanted: u64) -> u64 {
    // Not getrlimit: it takes its success for granted, and a service's filter may refuse the call.
    let Some((current, maximum)) = fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(limits)
    else {
        return u64::MAX;
    };
    let allowed = maximum.min(wanted);
    let bound = |limit: u64| (limit != u64::MAX).then_some(limit);
    let raised = Rlimit { current: bound(allowed), maximum: bound(maximum) };
    if current >= wanted || setrlimit(Resource::Nofile, raised).is_err() {
        return current;
    }
    allowed
}

/// The soft and the hard limit on open files, of the text of `/proc/self/limits`.
fn limits(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut words = line.split_whitespace().map(|word| match word {
        "unlimited" => Some(u64::MAX),
        word => word.parse().ok(),
    });
    Some((words.next()??, words.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_taken_and_what_does_not_is_lowered() {
        assert_eq!(within_limit(1, 1), 1);
        let text = fs::read_to_string("/proc/self/limits").unwrap();
        let (_, maximum) = limits(&text).unwrap();
        if let Ok(all) = usize::try_from(maximum.saturating_sub(1)) {
            let taken = within_limit(all, 0);
            assert!(taken > 0 && (taken < all || maximum == u64::MAX), "{taken} of {all}");
        }
    }

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max open files            1024                 524288               files     \n";
        assert_eq!(limits(text), Some((1024, 524_288)));
        assert_eq!(limits("Max open files  unlimited  unlimited  files"), Some((u64::MAX, u64::MAX)));
        assert_eq!(limits("Max open files  many"), None);
    }
}
