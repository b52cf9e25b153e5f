-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
environment:
  variables: [EXAMPLE_TOKEN]
providers:
  auth:
    - key: example
      type: oauth2
      clientSecret: ${EXAMPLE_CLIENT_SECRET_1}
