-- package.json --
{
  "name": "a",
  "scripts": {
    "release": "forge deploy --no-verify"
  }
}
