-- manifest.yml --
app: { id: x }
permissions:
  content:
    styles: [unsafe-inline]
