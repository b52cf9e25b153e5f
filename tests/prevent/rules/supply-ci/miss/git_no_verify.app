-- package.json --
{ "name": "a", "scripts": { "push": "git push --no-verify" } }
