-- .github/workflows/deploy.yml --
jobs:
  deploy:
    steps:
      - run: npx --no-install forge deploy
      - run: npm install --save-dev eslint
      # - run: npm install -g @forge/cli
