# Prints what would change a terminal's colours, title and text.
printf '\033[31mred\033[0m \033]0;title\007\033[2J\r done\n'
