-- manifest.yml --
app: { id: x }
permissions:
  external:
    fetch:
      backend:
        - '*.example.org'
        - address: https://api.example.org
          inScopeEUD: false
