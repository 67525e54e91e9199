# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kuota_relay_global_optspecs
    string join \n config= log-format= json h/help V/version
end

function __fish_kuota_relay_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kuota_relay_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kuota_relay_using_subcommand
    set -l cmd (__fish_kuota_relay_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -s V -l version -d 'Print version'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "run" -d 'Run the relay'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "check-config" -d 'Validate the configuration and its secrets, and print it as it takes effect, secrets masked'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "site-token" -d 'Make a token for a site: the token for its agent, and the hash of it for this relay'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "reconcile" -d 'Have the running relay ask the gateway about every order that may have changed'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "site" -d 'Sites that are kept in the database: every relay on it takes a change up within seconds'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "merchant" -d 'Accounts at Midtrans that are kept in the database'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "operator" -d 'The people who may use the console. Those who may read the relay\'s secrets may change them'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "review" -d 'Money that the gateway confirms and that could not be applied'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "backup" -d 'Copy the whole store into a file, with or without a running relay'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "restore" -d 'Restore the store from a backup, with no relay running. The old store is kept'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "verify" -d 'Prove that the store is whole, with or without a running relay'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "migrate" -d 'Move the whole store from a file to a PostgreSQL database or back, with no relay running. All or nothing; the old store is kept and refuses to be used'
complete -c kuota-relay -n "__fish_kuota_relay_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand run" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand run" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand run" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand check-config" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand check-config" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand check-config" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand check-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site-token" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site-token" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site-token" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site-token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand reconcile" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand reconcile" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand reconcile" -l went-back -d 'The database server went back in time: it was restored, or a standby without the last commits took over. Agents then read their feeds from the beginning and hand in orders that were lost'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand reconcile" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand reconcile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -f -a "add" -d 'Add a site to the database, and show its token once'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -f -a "list" -d 'List sites, those of the configuration included'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -f -a "rotate-token" -d 'Give a site another token, and show it once. The one before is refused from then on'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -f -a "disable" -d 'Refuse a site\'s calls. What is paid for it meanwhile waits until it is enabled again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -f -a "enable" -d 'Take a disabled site\'s calls again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -f -a "remove" -d 'Remove a disabled site for good. Its orders are kept, and its name is never used again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and not __fish_seen_subcommand_from add list rotate-token disable enable remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from add" -l merchant -d 'The merchant that its customers pay' -r
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from add" -l token-sha256 -d 'Keep a token that the agent has: the 64 hexadecimal digits of its SHA-256' -r
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from add" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from list" -l all -d 'Removed ones, too'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from list" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from rotate-token" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from rotate-token" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from rotate-token" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from rotate-token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from disable" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from disable" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from disable" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from enable" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from enable" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from enable" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from remove" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from remove" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from remove" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a site to the database, and show its token once'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "list" -d 'List sites, those of the configuration included'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "rotate-token" -d 'Give a site another token, and show it once. The one before is refused from then on'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "disable" -d 'Refuse a site\'s calls. What is paid for it meanwhile waits until it is enabled again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "enable" -d 'Take a disabled site\'s calls again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a disabled site for good. Its orders are kept, and its name is never used again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand site; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -f -a "add" -d 'Add an account at Midtrans to the database. Its server key is encrypted there'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -f -a "list" -d 'List merchants, those of the configuration included'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -f -a "rotate-key" -d 'Give a merchant a new server key. Notifications signed with one before are still accepted'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and not __fish_seen_subcommand_from add list rotate-key help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l environment -d 'The world of Midtrans that the key is for' -r -f -a "sandbox\t'For trying out, no real money'
production\t'Real money'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l server-key-file -d 'File with the server key, which the Midtrans dashboard shows under Settings, Access Keys' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l merchant-id -d 'The merchant id that the dashboard shows; without it, it is learned from the first charge' -r
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l core-url -d 'Another address than Midtrans\' own for charges, for tests and proxies' -r
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l snap-url -d 'The same for Midtrans\' payment page' -r
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l fee-imposition -d 'Midtrans adds its fee to what customers pay'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from list" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from rotate-key" -l server-key-file -d 'File with the new server key' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from rotate-key" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from rotate-key" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from rotate-key" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from rotate-key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add an account at Midtrans to the database. Its server key is encrypted there'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from help" -f -a "list" -d 'List merchants, those of the configuration included'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from help" -f -a "rotate-key" -d 'Give a merchant a new server key. Notifications signed with one before are still accepted'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand merchant; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -f -a "add" -d 'Add an operator. The first log-in sets the one-time codes up, which everybody needs'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -f -a "list" -d 'List operators'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -f -a "reset-otp" -d 'Drop the one-time codes of an operator who lost the phone that makes them. Log-ins end, and the next one sets codes up again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -f -a "set-password" -d 'Replace an operator\'s password. Log-ins end'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -f -a "remove" -d 'Remove an operator. Log-ins end'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and not __fish_seen_subcommand_from add list reset-otp set-password remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from add" -l role -d 'viewer: sees everything. operator: also adds, disables and enables sites and makes tokens. owner: also merchants, their keys, and removing sites' -r -f -a "viewer\t''
operator\t''
owner\t''"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from the first line of stdin; there is no other way to give one'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from add" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from list" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from reset-otp" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from reset-otp" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from reset-otp" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from reset-otp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from set-password" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from set-password" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from set-password" -l password-stdin -d 'Read the password from the first line of stdin; there is no other way to give one'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from set-password" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from set-password" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from remove" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from remove" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from remove" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add an operator. The first log-in sets the one-time codes up, which everybody needs'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from help" -f -a "list" -d 'List operators'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from help" -f -a "reset-otp" -d 'Drop the one-time codes of an operator who lost the phone that makes them. Log-ins end, and the next one sets codes up again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from help" -f -a "set-password" -d 'Replace an operator\'s password. Log-ins end'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove an operator. Log-ins end'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand operator; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and not __fish_seen_subcommand_from list help" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and not __fish_seen_subcommand_from list help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and not __fish_seen_subcommand_from list help" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and not __fish_seen_subcommand_from list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and not __fish_seen_subcommand_from list help" -f -a "list" -d 'List them, newest first. They are decided on the site\'s agent'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and not __fish_seen_subcommand_from list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and __fish_seen_subcommand_from list" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them, newest first. They are decided on the site\'s agent'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand backup" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand backup" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand backup" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand restore" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand restore" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand restore" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand verify" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand verify" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand verify" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -l from -d 'The store: a file, like /var/lib/kuota-relay/relay.db, or the address of a PostgreSQL database, without its password' -r
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -l to -d 'Where to: a file that does not exist, or a database without a store' -r
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -l from-password-file -d 'File with the password for the database of --from' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -l to-password-file -d 'File with the password for the database of --to' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -l config -d 'The configuration' -r -F
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -l json -d 'Print the answer as JSON'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "run" -d 'Run the relay'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "check-config" -d 'Validate the configuration and its secrets, and print it as it takes effect, secrets masked'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "site-token" -d 'Make a token for a site: the token for its agent, and the hash of it for this relay'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "reconcile" -d 'Have the running relay ask the gateway about every order that may have changed'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "site" -d 'Sites that are kept in the database: every relay on it takes a change up within seconds'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "merchant" -d 'Accounts at Midtrans that are kept in the database'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "operator" -d 'The people who may use the console. Those who may read the relay\'s secrets may change them'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "review" -d 'Money that the gateway confirms and that could not be applied'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "backup" -d 'Copy the whole store into a file, with or without a running relay'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "restore" -d 'Restore the store from a backup, with no relay running. The old store is kept'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "verify" -d 'Prove that the store is whole, with or without a running relay'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "migrate" -d 'Move the whole store from a file to a PostgreSQL database or back, with no relay running. All or nothing; the old store is kept and refuses to be used'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and not __fish_seen_subcommand_from run check-config site-token reconcile site merchant operator review backup restore verify migrate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "add" -d 'Add a site to the database, and show its token once'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "list" -d 'List sites, those of the configuration included'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "rotate-token" -d 'Give a site another token, and show it once. The one before is refused from then on'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "disable" -d 'Refuse a site\'s calls. What is paid for it meanwhile waits until it is enabled again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "enable" -d 'Take a disabled site\'s calls again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from site" -f -a "remove" -d 'Remove a disabled site for good. Its orders are kept, and its name is never used again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from merchant" -f -a "add" -d 'Add an account at Midtrans to the database. Its server key is encrypted there'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from merchant" -f -a "list" -d 'List merchants, those of the configuration included'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from merchant" -f -a "rotate-key" -d 'Give a merchant a new server key. Notifications signed with one before are still accepted'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from operator" -f -a "add" -d 'Add an operator. The first log-in sets the one-time codes up, which everybody needs'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from operator" -f -a "list" -d 'List operators'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from operator" -f -a "reset-otp" -d 'Drop the one-time codes of an operator who lost the phone that makes them. Log-ins end, and the next one sets codes up again'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from operator" -f -a "set-password" -d 'Replace an operator\'s password. Log-ins end'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from operator" -f -a "remove" -d 'Remove an operator. Log-ins end'
complete -c kuota-relay -n "__fish_kuota_relay_using_subcommand help; and __fish_seen_subcommand_from review" -f -a "list" -d 'List them, newest first. They are decided on the site\'s agent'
