-- package-lock.json --
{"integrity": "sha512-ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"}
