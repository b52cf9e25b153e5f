-- README.md --
token: ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
key: AKIAIOSFODNN7EXAMPLE
