-- package.json --
{ "name": "a", "scripts": { "postinstall": "patch-package", "prepare": "husky", "build": "curl https://example.org" } }
