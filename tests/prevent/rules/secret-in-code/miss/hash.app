-- src/index.js --
const commit = '3f786850e387550fdab836ed7e6dc881de23001b';
