module.exports = 'api';
