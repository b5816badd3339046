require('is-odd');
