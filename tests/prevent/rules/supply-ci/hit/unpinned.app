-- .github/workflows/ci.yml --
on: push
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - uses: someone/deploy-forge@v1 # HIT
      - run: forge deploy -e production --no-verify # HIT
      - run: forge variables set API_TOKEN "$T" # HIT
