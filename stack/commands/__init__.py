"""One module is one subcommand of `watershed`; stack/cli.py finds them by walking this package."""
