// The folder of ohmq.h, for binding.gyp: "<!(node -p \"require('ohmq/include')\")".
module.exports = __dirname
