-- tools/package.json --
{ "name": "tools", "devDependencies": { "left": "1" } }
