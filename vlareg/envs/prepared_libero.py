"""Import this before anything of LIBERO's at the top of a module, or LIBERO asks a question on standard input."""

from vlareg.envs.libero_setup import prepare_libero

libero = prepare_libero()
