// Stands in for packages that a bundle must not carry (see bundle.ts).
module.exports = {};
