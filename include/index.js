// The path of the folder that contains ohmq.h, for binding.gyp: "<!(node -p \"require('ohmq/include')\")".
module.exports = __dirname
