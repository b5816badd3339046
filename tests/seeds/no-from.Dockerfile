ARG A=1
# nothing more
