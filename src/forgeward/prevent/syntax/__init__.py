"""JavaScript and TypeScript, JSX or not, to one flat value graph per file."""
