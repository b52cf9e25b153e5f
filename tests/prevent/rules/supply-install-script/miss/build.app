-- package.json --
{ "name": "a", "scripts": { "postinstall": "cd static/main && npm ci", "preinstall": "npx only-allow npm" } }
