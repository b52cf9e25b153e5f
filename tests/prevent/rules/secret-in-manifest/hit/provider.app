-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
providers:
  auth:
    - key: example
      type: oauth2
      clientId: 6f1c77b0a1
      clientSecret: 9vK2xQ7pLm4Rt8Wz1Ys6 # HIT
