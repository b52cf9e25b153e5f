-- .github/workflows/ci.yml --
on: push
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - uses: someone/deploy-forge@8f4b7f84864484a7bf31766abe9204da3cbe65b3 # v1
      - uses: ./.github/actions/local
      - run: forge deploy -e production
      - run: forge variables set --encrypt API_TOKEN "$T"
      - run: forge variables set REGION eu
      # - run: forge deploy --no-verify
