/** The folder of ohmq.h. */
declare const folder: string
export = folder
