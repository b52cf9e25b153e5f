-- .github/workflows/deploy.yml --
jobs:
  deploy:
    steps:
      - run: npm install -g @forge/cli # HIT
      - run: npm i --global @forge/cli@latest # HIT
