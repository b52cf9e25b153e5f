-- package.json --
{
  "name": "a",
  "dependencies": {
    "left": "github:someone/left#main",
    "right": "^1.0.0"
  }
}
