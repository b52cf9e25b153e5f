-- manifest.yml --
app: { id: x }
permissions:
  external:
    fetch:
      backend:
        - http://api.example.org # HIT
