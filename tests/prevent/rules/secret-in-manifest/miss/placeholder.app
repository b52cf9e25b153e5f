-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
providers:
  auth:
    - key: example
      clientSecret: your-client-secret-1
