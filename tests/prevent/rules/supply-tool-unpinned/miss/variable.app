-- .github/workflows/deploy.yml --
jobs:
  deploy:
    steps:
      - run: npm install -g @forge/cli@${FORGE_VERSION}
