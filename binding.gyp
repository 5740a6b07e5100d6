{"includes": ["native/addon.gypi"]}
