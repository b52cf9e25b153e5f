-- bitbucket-pipelines.yml --
pipelines:
  default:
    - step:
        script:
          - npx semantic-release # HIT
          - npx --yes --package=@forge/cli@12 forge deploy # HIT
