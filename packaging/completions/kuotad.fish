# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kuotad_global_optspecs
    string join \n config= log-format= json lang= h/help V/version
end

function __fish_kuotad_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kuotad_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kuotad_using_subcommand
    set -l cmd (__fish_kuotad_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kuotad -n "__fish_kuotad_needs_command" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_needs_command" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_needs_command" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_needs_command" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_needs_command" -s V -l version -d 'Print version'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "run" -d 'Run the daemon'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "check-config" -d 'Validate the configuration and print it as it takes effect, secrets masked'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "setup" -d 'Write a configuration from a few answers, make the first owner and test the router'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "doctor" -d 'Look for what is wrong with the router, this machine and the configuration, and say what to do'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "router-setup" -d 'Print the script that prepares the router for this configuration'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "admin" -d 'Who may log in'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "user" -d 'Customers, their devices and their access'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "debt" -d 'What customers owe'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "package" -d 'What is on sale'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "order" -d 'What was paid'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "report" -d 'Sales, debts, usage, and whom to call'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "closing" -d 'Cash drawers'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "ledger" -d 'The books'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "backup" -d 'Copy the whole store into a file, with or without a running daemon'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "restore" -d 'Restore the store from a backup, with no daemon running. The old store is kept'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "take-over" -d 'Put a restored store to work: router and relay stop the machine before it. Until then it reads the router and changes nothing'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "fetch-copy" -d 'Fetch the newest copy and what changed since, from the vault of a relay with the token of a recovery kit, or from a bucket'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "recovery-kit" -d 'Make the key of encrypted copies and print it, once: keep it where the Raspberry Pi is not'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "update" -d 'Install the next version, and come back to this one if it does not work'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "export" -d 'Write users, packages, debts, orders and ledger entries, as CSV or JSON'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "import" -d 'Enter users with their devices, and packages, from a table, all of them or none'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "adopt" -d 'Hotspot users of a live router: what they are, and making customers of them'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "leave" -d 'Make plain hotspot users of all customers, remove every row of ours from the router, and change nothing there any more'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "router-plan" -d 'What reconciling the router would change now; changes nothing'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "clock" -d 'The wall clock'
complete -c kuotad -n "__fish_kuotad_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand run" -l machine -d 'The folder whose files are read for those of the machine: its boot partition, its boot and its routes' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand run" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand run" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand run" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand run" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand check-config" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand check-config" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand check-config" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand check-config" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand check-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l router-address -d 'Host and port of the router\'s API' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l router-user -d 'The agent\'s user on the router' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l portal-url -d 'How customers reach the portal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l client-network -d 'A network of customers\' devices; may be given more than once' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l contact -d 'How customers reach the owner' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l name -d 'Name of the hotspot, as customers read it' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l timezone -d 'Time zone: WIB, WITA, WIT, or a name like Asia/Jakarta' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l owner -d 'Log-in name of the first owner' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l data-dir -d 'Folder of the store' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l router-password-stdin -d 'Read that user\'s password from a line of stdin, the first one'
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l owner-password-stdin -d 'Read the owner\'s password from a line of stdin, after the router\'s'
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l yes -d 'Ask nothing: what is not given is as by default'
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l force -d 'Replace a configuration that is there'
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand doctor" -l agent-address -d 'This machine\'s address as the router sees it; the portal\'s when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand doctor" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand doctor" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand doctor" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand doctor" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -l agent-address -d 'This machine\'s address as the router sees it; the portal\'s when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -l remove -d 'The script that undoes the other one'
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -l login-page -d 'The hotspot\'s log-in page: save it as login.html in the hotspot\'s HTML directory on the router'
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand router-setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -f -a "add" -d 'Add an admin'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -f -a "token" -d 'Make an API token and print it. It is shown this once and survives restarts'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -f -a "list" -d 'List admins'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -f -a "totp-off" -d 'Turn off an admin\'s one-time codes, because the phone that makes them is lost'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -f -a "remove" -d 'Remove an admin, with all tokens and sessions'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and not __fish_seen_subcommand_from add token list totp-off remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from add" -l role -d 'The admin\'s role' -r -f -a "viewer\t''
cashier\t''
operator\t''
owner\t''"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from add" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from the first line of stdin; there is no other way to give one'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from add" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from token" -l role -d 'The token\'s role, at most its admin\'s; the admin\'s own role when not given' -r -f -a "viewer\t''
cashier\t''
operator\t''
owner\t''"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from token" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from token" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from token" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from token" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from list" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from list" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from totp-off" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from totp-off" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from totp-off" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from totp-off" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from totp-off" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from remove" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from remove" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from remove" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from remove" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add an admin'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "token" -d 'Make an API token and print it. It is shown this once and survives restarts'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "list" -d 'List admins'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "totp-off" -d 'Turn off an admin\'s one-time codes, because the phone that makes them is lost'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove an admin, with all tokens and sessions'
complete -c kuotad -n "__fish_kuotad_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "add" -d 'Enter a user'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "list" -d 'Show users'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "show" -d 'Show one user with devices'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "import" -d 'The same as `kuotad import`'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "reset" -d 'Begin a new period. Reads the router first'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "pin" -d 'Set a new portal PIN and show it once; the old one becomes invalid'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "note" -d 'Write what the user reads on the portal, or remove it'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "block" -d 'Block a user, also from the portal'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "unblock" -d 'End an admin\'s block. Debts stay'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "bind" -d 'Bind a device, or move it here from another user'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "unbind" -d 'Unbind a device'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "explain" -d 'Why this access: every rule with its numbers, and what to pay'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "credit" -d 'Give quota without payment'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "buy" -d 'Sell a package'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and not __fish_seen_subcommand_from add list show import reset pin note block unblock bind unbind explain credit buy help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from add" -l phone -d 'Phone, unique' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from add" -l login -d 'Log-in name, unique' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from add" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from add" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from list" -l q -d 'Only those whose name, phone or log-in name contains this' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from list" -l status -d 'Only those with this access: active, fup, habis, expired, inactive, blocked, unlimited' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from list" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from show" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from show" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from show" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from show" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from import" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from import" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from import" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from import" -l dry-run -d 'Only check and show what would be entered'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from import" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l debt -d 'Quota given as unpaid debt, like "10 GB"' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l credit -d 'Quota given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l days -d 'Days given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l unblock -d 'Whether to end an admin\'s block' -r -f -a "true\t''
false\t''"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l reason -d 'Why; kept in the books' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from pin" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from pin" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from pin" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from pin" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from pin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from note" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from note" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from note" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from note" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from note" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from block" -l reason -d 'Why; kept in the books' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from block" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from block" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from block" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from block" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from block" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unblock" -l reason -d 'Why; kept in the books' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unblock" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unblock" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unblock" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unblock" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unblock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from bind" -l label -d 'Name of the device for people' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from bind" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from bind" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from bind" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from bind" -l move -d 'Move it from the user who has it; without this another user\'s device is refused'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from bind" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from bind" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unbind" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unbind" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unbind" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unbind" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from unbind" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from explain" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from explain" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from explain" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from explain" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from credit" -l reason -d 'Why; kept in the books' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from credit" -l days -d 'Days given with it' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from credit" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from credit" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from credit" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from credit" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from credit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -l method -d 'How it is paid: `cash`, `transfer`, `qris_static`, or online: `snap`, `qris`, `gopay`, ...' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -l reference -d 'Note of the payment, like the number of a transfer' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -l expect-rp -d 'The price shown to the payer; refused if the present price differs' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from buy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Enter a user'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show users'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one user with devices'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "import" -d 'The same as `kuotad import`'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Begin a new period. Reads the router first'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "pin" -d 'Set a new portal PIN and show it once; the old one becomes invalid'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "note" -d 'Write what the user reads on the portal, or remove it'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "block" -d 'Block a user, also from the portal'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "unblock" -d 'End an admin\'s block. Debts stay'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "bind" -d 'Bind a device, or move it here from another user'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "unbind" -d 'Unbind a device'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Why this access: every rule with its numbers, and what to pay'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "credit" -d 'Give quota without payment'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "buy" -d 'Sell a package'
complete -c kuotad -n "__fish_kuotad_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -f -a "add" -d 'Enter a debt item; its quota is given with it, except with --no-advance'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -f -a "list" -d 'Show what a user owes and owed'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -f -a "promise" -d 'Note a promise: another due date, another note, or both'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -f -a "write-off" -d 'Forgive what is left of an item'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -f -a "settle" -d 'Take money for everything, for one item, or for part'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and not __fish_seen_subcommand_from add list promise write-off settle help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l package -d 'Id or name of a package given on credit' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l due-date -d 'Last day to pay, like 2026-12-31; by the site\'s rule when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l price-rp -d 'Its own price' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l note -d 'Your own note; the customer does not see it' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l customer-note -d 'A note for the customer, shown on the portal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l no-advance -d 'Do not give the quota now'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from list" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from list" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -l due-date -d 'Last day to pay, like 2026-12-31' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -l note -d 'Your own note; the old note stays when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -l customer-note -d 'The note for the customer; the old one stays when not given, an empty one removes it' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from promise" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from write-off" -l reason -d 'Why' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from write-off" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from write-off" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from write-off" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from write-off" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from write-off" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l amount-rp -d 'So much money, to the oldest items first' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l method -d 'How it is paid: `cash`, `transfer`, `qris_static`, or online: `snap`, `qris`, `gopay`, ...' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l reference -d 'Note of the payment, like the number of a transfer' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l expect-rp -d 'The price shown to the payer; refused if the present price differs' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l all -d 'Every open item and the overage'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from settle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from help" -f -a "add" -d 'Enter a debt item; its quota is given with it, except with --no-advance'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show what a user owes and owed'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from help" -f -a "promise" -d 'Note a promise: another due date, another note, or both'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from help" -f -a "write-off" -d 'Forgive what is left of an item'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from help" -f -a "settle" -d 'Take money for everything, for one item, or for part'
complete -c kuotad -n "__fish_kuotad_using_subcommand debt; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -f -a "add" -d 'Put a package on sale'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -f -a "list" -d 'Show packages'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and not __fish_seen_subcommand_from add list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l quota -d 'Quota, like "10 GB"' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l days -d 'Days it is valid' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l price-rp -d 'Its price in rupiah' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l unlimited -d 'No end but its days'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from list" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from list" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from help" -f -a "add" -d 'Put a package on sale'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show packages'
complete -c kuotad -n "__fish_kuotad_using_subcommand package; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -f -a "list" -d 'Show orders, newest first'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -f -a "cancel" -d 'Cancel an online order that can still be paid'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -f -a "refresh" -d 'Query the gateway about an online order now'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -f -a "review" -d 'End a review: money that the gateway confirms and that could not be applied'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -f -a "refund" -d 'Refund an order, fully or partially; cash leaves the caller\'s drawer'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -f -a "show" -d 'Show one order with its entries'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and not __fish_seen_subcommand_from list cancel refresh review refund show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l limit -d 'At most so many' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l status -d 'Only in this state, such as `pending`, `paid` or `review`' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l method -d 'Only paid this way, such as `cash` or `qris`' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l user -d 'Only of this user: an id, or a name, phone or log-in name that is one user\'s alone' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from cancel" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from cancel" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from cancel" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from cancel" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refresh" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refresh" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refresh" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refresh" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from review" -l reason -d 'The reason' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from review" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from review" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from review" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from review" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from review" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refund" -l amount-rp -d 'The amount; everything not yet refunded when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refund" -l reason -d 'The reason' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refund" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refund" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refund" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refund" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from refund" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from show" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from show" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from show" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from show" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show orders, newest first'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Cancel an online order that can still be paid'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "refresh" -d 'Query the gateway about an online order now'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "review" -d 'End a review: money that the gateway confirms and that could not be applied'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "refund" -d 'Refund an order, fully or partially; cash leaves the caller\'s drawer'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one order with its entries'
complete -c kuotad -n "__fish_kuotad_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -f -a "sales" -d 'What was sold, by day, method and cashier'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -f -a "debts" -d 'What is owed'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -f -a "usage" -d 'What was used, by user and day'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -f -a "collection" -d 'Customers who are blocked for debt, are late, or have to pay within a week'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and not __fish_seen_subcommand_from sales debts usage collection help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -l from -d 'The first day, like 2026-11-01; the first of the month when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -l to -d 'The last day' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -l csv -d 'Print CSV for spreadsheets'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from sales" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -l from -d 'The first day, like 2026-11-01; the first of the month when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -l to -d 'The last day' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -l csv -d 'Print CSV for spreadsheets'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from debts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -l from -d 'The first day, like 2026-11-01; the first of the month when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -l to -d 'The last day' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -l csv -d 'Print CSV for spreadsheets'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from usage" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -l from -d 'The first day, like 2026-11-01; the first of the month when not given' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -l to -d 'The last day' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -l csv -d 'Print CSV for spreadsheets'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from collection" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "sales" -d 'What was sold, by day, method and cashier'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "debts" -d 'What is owed'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "usage" -d 'What was used, by user and day'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "collection" -d 'Customers who are blocked for debt, are late, or have to pay within a week'
complete -c kuotad -n "__fish_kuotad_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -f -a "add" -d 'Count the caller\'s drawer and close it'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -f -a "list" -d 'Show closings, newest first'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and not __fish_seen_subcommand_from add list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from add" -l counted-rp -d 'The cash counted' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from add" -l note -d 'For people' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from add" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from add" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from add" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from add" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from list" -l limit -d 'At most so many' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from list" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from list" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from list" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from list" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from help" -f -a "add" -d 'Count the caller\'s drawer and close it'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show closings, newest first'
complete -c kuotad -n "__fish_kuotad_using_subcommand closing; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and not __fish_seen_subcommand_from verify help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and not __fish_seen_subcommand_from verify help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and not __fish_seen_subcommand_from verify help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and not __fish_seen_subcommand_from verify help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and not __fish_seen_subcommand_from verify help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and not __fish_seen_subcommand_from verify help" -f -a "verify" -d 'Recompute every balance and the hash chain; the first bad row is named'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and not __fish_seen_subcommand_from verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and __fish_seen_subcommand_from verify" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and __fish_seen_subcommand_from verify" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and __fish_seen_subcommand_from verify" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and __fish_seen_subcommand_from verify" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Recompute every balance and the hash chain; the first bad row is named'
complete -c kuotad -n "__fish_kuotad_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand backup" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand backup" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand backup" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand backup" -l force -d 'Replace a file of that name, once the copy is whole'
complete -c kuotad -n "__fish_kuotad_using_subcommand backup" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand restore" -l key-file -d 'File with the secret key of the recovery kit, for an encrypted copy; without it the key is read from stdin' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand restore" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand restore" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand restore" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand restore" -l with-settings -d 'Replace the desk\'s settings and secrets of this card by those that go with an encrypted copy. A card without a store gets them in any case'
complete -c kuotad -n "__fish_kuotad_using_subcommand restore" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand take-over" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand take-over" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand take-over" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand take-over" -l old-machine-is-off -d 'The machine that had this store before is switched off, or its card is out. Only needed where neither the router nor the relay can be reached, which stop it otherwise'
complete -c kuotad -n "__fish_kuotad_using_subcommand take-over" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand take-over" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l relay -d 'Address of the relay, as the recovery kit has it. The kit\'s token is read from stdin' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l s3 -d 'The bucket in which the copies are, as backup.target had it, with its prefix' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l endpoint -d 'Address of the object store, as backup.s3.endpoint had it' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l region -d 'Region of the bucket' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l key-id -d 'Name of an access key that may list and read the bucket' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l secret-file -d 'File with the secret of that key; without it the secret is read from stdin' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l site -d 'The site\'s tag in the names of its copies, where the bucket has those of several sites' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand fetch-copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand recovery-kit" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand recovery-kit" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand recovery-kit" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand recovery-kit" -l replace -d 'Make another kit although there is one; copies from before need the old one'
complete -c kuotad -n "__fish_kuotad_using_subcommand recovery-kit" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand recovery-kit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l state-dir -d 'Where packages, the copy of the store and the progress are kept' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l trial -d 'How long the new version may take until everything works that worked before' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l check -d 'Show what is installed, what there is and whether it would be installed; change nothing'
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l now -d 'Also install a version that is younger than three days, or over a metered connection'
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l resume -d 'Only finish an update that was interrupted, if there is one'
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand export" -l format -d 'Tables as CSV, or everything in one file, `kuota.json`' -r -f -a "csv\t'A table for each, for spreadsheets'
json\t'One file with everything'"
complete -c kuotad -n "__fish_kuotad_using_subcommand export" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand export" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand export" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand export" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand import" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand import" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand import" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand import" -l dry-run -d 'Only check and show what would be entered'
complete -c kuotad -n "__fish_kuotad_using_subcommand import" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -f -a "observe" -d 'Show what each hotspot user is and which can become customers. Changes nothing'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -f -a "take" -d 'Make customers of them: in the books in one step, then on the router, where the hotspot users are disabled and never deleted. Run it again to finish what was interrupted'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -f -a "undo" -d 'Make them hotspot users again, with what is left of the quota. Refused where somebody bought or paid since'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and not __fish_seen_subcommand_from observe take undo help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from observe" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from observe" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from observe" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from observe" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from observe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from take" -l only -d 'Only these, by name' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from take" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from take" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from take" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from take" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from take" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from undo" -l only -d 'Only these, by name' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from undo" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from undo" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from undo" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from undo" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "observe" -d 'Show what each hotspot user is and which can become customers. Changes nothing'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "take" -d 'Make customers of them: in the books in one step, then on the router, where the hotspot users are disabled and never deleted. Run it again to finish what was interrupted'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "undo" -d 'Make them hotspot users again, with what is left of the quota. Refused where somebody bought or paid since'
complete -c kuotad -n "__fish_kuotad_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand leave" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand leave" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand leave" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand leave" -l dry-run -d 'Only show what would be done'
complete -c kuotad -n "__fish_kuotad_using_subcommand leave" -l undo -d 'Come back: the customers are taken over again, and the router is kept in step again'
complete -c kuotad -n "__fish_kuotad_using_subcommand leave" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand leave" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand router-plan" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand router-plan" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand router-plan" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand router-plan" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand router-plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and not __fish_seen_subcommand_from confirm help" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and not __fish_seen_subcommand_from confirm help" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and not __fish_seen_subcommand_from confirm help" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and not __fish_seen_subcommand_from confirm help" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and not __fish_seen_subcommand_from confirm help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and not __fish_seen_subcommand_from confirm help" -f -a "confirm" -d 'Confirm the wall clock, after setting it by hand'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and not __fish_seen_subcommand_from confirm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and __fish_seen_subcommand_from confirm" -l config -d 'The configuration' -r -F
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and __fish_seen_subcommand_from confirm" -l log-format -d 'The format of log lines on stderr' -r -f -a "auto\t'The journal if systemd started the process and it answers, else human text on stderr'
text\t'Human text on stderr, also under systemd'
json\t'One JSON object a line on stderr'"
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and __fish_seen_subcommand_from confirm" -l lang -d 'Language of questions, help and failures: id or en; without it, the site\'s on a terminal' -r
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and __fish_seen_subcommand_from confirm" -l json -d 'Print the API\'s answer as JSON, and failures as problem documents on stderr'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and __fish_seen_subcommand_from confirm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and __fish_seen_subcommand_from help" -f -a "confirm" -d 'Confirm the wall clock, after setting it by hand'
complete -c kuotad -n "__fish_kuotad_using_subcommand clock; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "run" -d 'Run the daemon'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "check-config" -d 'Validate the configuration and print it as it takes effect, secrets masked'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "setup" -d 'Write a configuration from a few answers, make the first owner and test the router'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "doctor" -d 'Look for what is wrong with the router, this machine and the configuration, and say what to do'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "router-setup" -d 'Print the script that prepares the router for this configuration'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "admin" -d 'Who may log in'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "user" -d 'Customers, their devices and their access'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "debt" -d 'What customers owe'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "package" -d 'What is on sale'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "order" -d 'What was paid'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "report" -d 'Sales, debts, usage, and whom to call'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "closing" -d 'Cash drawers'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "ledger" -d 'The books'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "backup" -d 'Copy the whole store into a file, with or without a running daemon'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "restore" -d 'Restore the store from a backup, with no daemon running. The old store is kept'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "take-over" -d 'Put a restored store to work: router and relay stop the machine before it. Until then it reads the router and changes nothing'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "fetch-copy" -d 'Fetch the newest copy and what changed since, from the vault of a relay with the token of a recovery kit, or from a bucket'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "recovery-kit" -d 'Make the key of encrypted copies and print it, once: keep it where the Raspberry Pi is not'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "update" -d 'Install the next version, and come back to this one if it does not work'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "export" -d 'Write users, packages, debts, orders and ledger entries, as CSV or JSON'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "import" -d 'Enter users with their devices, and packages, from a table, all of them or none'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "adopt" -d 'Hotspot users of a live router: what they are, and making customers of them'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "leave" -d 'Make plain hotspot users of all customers, remove every row of ours from the router, and change nothing there any more'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "router-plan" -d 'What reconciling the router would change now; changes nothing'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "clock" -d 'The wall clock'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and not __fish_seen_subcommand_from run check-config setup doctor router-setup admin user debt package order report closing ledger backup restore take-over fetch-copy recovery-kit update export import adopt leave router-plan clock help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "add" -d 'Add an admin'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "token" -d 'Make an API token and print it. It is shown this once and survives restarts'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "list" -d 'List admins'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "totp-off" -d 'Turn off an admin\'s one-time codes, because the phone that makes them is lost'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "remove" -d 'Remove an admin, with all tokens and sessions'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Enter a user'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'Show users'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "show" -d 'Show one user with devices'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "import" -d 'The same as `kuotad import`'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "reset" -d 'Begin a new period. Reads the router first'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "pin" -d 'Set a new portal PIN and show it once; the old one becomes invalid'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "note" -d 'Write what the user reads on the portal, or remove it'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "block" -d 'Block a user, also from the portal'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "unblock" -d 'End an admin\'s block. Debts stay'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "bind" -d 'Bind a device, or move it here from another user'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "unbind" -d 'Unbind a device'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "explain" -d 'Why this access: every rule with its numbers, and what to pay'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "credit" -d 'Give quota without payment'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "buy" -d 'Sell a package'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from debt" -f -a "add" -d 'Enter a debt item; its quota is given with it, except with --no-advance'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from debt" -f -a "list" -d 'Show what a user owes and owed'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from debt" -f -a "promise" -d 'Note a promise: another due date, another note, or both'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from debt" -f -a "write-off" -d 'Forgive what is left of an item'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from debt" -f -a "settle" -d 'Take money for everything, for one item, or for part'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from package" -f -a "add" -d 'Put a package on sale'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from package" -f -a "list" -d 'Show packages'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "list" -d 'Show orders, newest first'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "cancel" -d 'Cancel an online order that can still be paid'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "refresh" -d 'Query the gateway about an online order now'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "review" -d 'End a review: money that the gateway confirms and that could not be applied'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "refund" -d 'Refund an order, fully or partially; cash leaves the caller\'s drawer'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "show" -d 'Show one order with its entries'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from report" -f -a "sales" -d 'What was sold, by day, method and cashier'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from report" -f -a "debts" -d 'What is owed'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from report" -f -a "usage" -d 'What was used, by user and day'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from report" -f -a "collection" -d 'Customers who are blocked for debt, are late, or have to pay within a week'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from closing" -f -a "add" -d 'Count the caller\'s drawer and close it'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from closing" -f -a "list" -d 'Show closings, newest first'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "verify" -d 'Recompute every balance and the hash chain; the first bad row is named'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from adopt" -f -a "observe" -d 'Show what each hotspot user is and which can become customers. Changes nothing'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from adopt" -f -a "take" -d 'Make customers of them: in the books in one step, then on the router, where the hotspot users are disabled and never deleted. Run it again to finish what was interrupted'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from adopt" -f -a "undo" -d 'Make them hotspot users again, with what is left of the quota. Refused where somebody bought or paid since'
complete -c kuotad -n "__fish_kuotad_using_subcommand help; and __fish_seen_subcommand_from clock" -f -a "confirm" -d 'Confirm the wall clock, after setting it by hand'
