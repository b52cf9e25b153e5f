-- manifest.yaml --
app: { id: x }
permissions:
  external:
    images:
      - address: https://* # HIT
-- manifest.yml --
nothing: here
