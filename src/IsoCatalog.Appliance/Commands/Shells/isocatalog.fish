# Completion of isocatalog for fish.
function __isocatalog_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test (count $current) -eq 0; and set current ''
    for line in ($words[1] complete -- $words[2..-1] $current 2>/dev/null)
        if test "$line" = :files
            set -l option (string match -r -- '^--[^=]*=' $current)
            for path in (__fish_complete_path (string replace -- "$option" '' $current))
                printf '%s\n' "$option$path"
            end
        else
            printf '%s\n' $line
        end
    end
end

complete -c isocatalog -f -a '(__isocatalog_complete)'
