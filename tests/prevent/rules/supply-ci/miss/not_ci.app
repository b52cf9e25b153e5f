-- docs/notes.yml --
steps:
  - uses: someone/deploy-forge@v1
-- README.md --
Run forge deploy --no-verify at your own risk.
