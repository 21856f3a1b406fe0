/** What every start of one line of a workflow is counted as, whichever turn of a loop it is: `weather/monthly+each^sub+for+draw`. So there are as many as people wrote, not as many as ran. */
export const taskType = (project: string, fullName: string): string =>
  `${project}/${fullName.slice(1).replaceAll(/(\^sub\+(?:for|range|loop))-[^+^]*/g, '$1')}`
