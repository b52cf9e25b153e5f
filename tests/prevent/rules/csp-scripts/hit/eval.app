-- manifest.yml --
app: { id: x }
permissions:
  content:
    scripts:
      - unsafe-eval # HIT
      - 'sha256-abc'
