// How search results are ordered: Sphinx's own scores, but the reference after all other pages.
var Scorer = {
  score: (result) => result[4] - (result[0].startsWith("api/") ? 1000 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
