-- .github/workflows/ci.yml --
jobs:
  a:
    steps:
      - run: npm install # HIT
