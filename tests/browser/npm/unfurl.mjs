// Prints what three published consumers read from a page: node unfurl.mjs URL.
import ogs from "open-graph-scraper";
import metascraper from "metascraper";
import description from "metascraper-description";
import image from "metascraper-image";
import title from "metascraper-title";
import url from "metascraper-url";
import { unfurl } from "unfurl.js";

const address = process.argv[2];
const html = await (await fetch(address)).text();
const { result } = await ogs({ html });
const scraped = await metascraper([description(), image(), title(), url()])({ html, url: address });
const unfurled = await unfurl(address, { oembed: false });
console.log(
  JSON.stringify({
    "open-graph-scraper": {
      title: result.ogTitle,
      description: result.ogDescription,
      url: result.ogUrl,
      image: result.ogImage[0].url,
      width: Number(result.ogImage[0].width),
      height: Number(result.ogImage[0].height),
      alt: result.ogImage[0].alt,
      card: result.twitterCard,
    },
    metascraper: scraped,
    unfurl: {
      title: unfurled.open_graph.title,
      description: unfurled.open_graph.description,
      url: unfurled.open_graph.url,
      image: unfurled.open_graph.images[0].url,
      width: unfurled.open_graph.images[0].width,
      height: unfurled.open_graph.images[0].height,
      card: unfurled.twitter_card.card,
    },
  }),
);
