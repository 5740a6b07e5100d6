export const checkElf = () => {}
