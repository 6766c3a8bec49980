"""One module is one subcommand of `watershed`; cli/main.py finds them by walking this package."""
