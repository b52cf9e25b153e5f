-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
remotes:
  - key: backend
    baseUrl: https://app:hunter2hunter2@backend.example.com # HIT
