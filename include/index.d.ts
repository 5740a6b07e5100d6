/** The path of the folder that contains ohmq.h. */
declare const folder: string
export = folder
