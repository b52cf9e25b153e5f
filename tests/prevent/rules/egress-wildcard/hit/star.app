-- manifest.yml --
app: { id: x }
permissions:
  external:
    fetch:
      backend:
        - '*' # HIT
        - https://api.example.org
