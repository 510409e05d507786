@rem On Unix `exec` lets the program take the shell's place, so that a signal to npm reaches it.
@rem The command shell of Windows has no such word and needs none: here it only runs what follows.
@%*
