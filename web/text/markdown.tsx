import { Fragment, memo, useMemo } from 'react';
import type { ReactNode } from 'react';
import MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';
import remend from 'remend';
import { Copy } from '../ui/ui.tsx';
import { isInlineImage, safeLink } from './safe-link.ts';
import css from './markdown.module.css';

const parser = new MarkdownIt({ html: false, linkify: false, breaks: false, maxNesting: 40 });
parser.validateLink = () => true; // Links are judged where they are shown: those that are refused stay visible as text.

/** Text beyond this many characters is shown as it is. */
const MAX_MARKDOWN = 64 * 1024;

/** An agent's text. `open`: more of it will come. Nothing of it becomes HTML; what cannot be read is shown plainly. */
export const Markdown = memo(function Markdown({ text, open = false }: { text: string; open?: boolean }): ReactNode {
  const blocks = useMemo(() => {
    if (text.length > MAX_MARKDOWN) return null;
    try {
      return blocksOf(parser.parse(open ? remend(text) : text, {}));
    } catch {
      return null;
    }
  }, [text, open]);
  if (blocks === null) return <pre className={css.plain}>{text}</pre>;
  return <div className={css.markdown}>{renderBlocks(blocks)}</div>;
});

interface Block {
  token: Token;
  children: Block[];
}

/** Makes a tree of the parser's flat list. */
function blocksOf(tokens: Token[]): Block[] {
  const top: Block[] = [];
  const stack: Block[][] = [top];
  for (const token of tokens) {
    if (token.nesting === -1) {
      stack.pop();
      continue;
    }
    const block: Block = { token, children: [] };
    stack.at(-1)?.push(block);
    if (token.nesting === 1) stack.push(block.children);
    if (token.type === 'inline') block.children = blocksOf(token.children ?? []);
  }
  return top;
}

function renderBlocks(blocks: Block[]): ReactNode {
  return blocks.map((block, index) => <Fragment key={index}>{renderBlock(block)}</Fragment>);
}

function renderBlock({ token, children }: Block): ReactNode {
  const inside = (): ReactNode => renderBlocks(children);
  switch (token.type) {
    case 'inline':
      return inside();
    case 'text':
    case 'text_special':
      return token.content;
    case 'softbreak':
      return '\n';
    case 'hardbreak':
      return <br />;
    case 'paragraph_open':
      return token.hidden ? inside() : <p>{inside()}</p>;
    case 'heading_open':
      // The page has one outline of its own; a heading of an answer is a heading below it.
      return token.tag === 'h1' || token.tag === 'h2' ? <h3>{inside()}</h3> : <h4>{inside()}</h4>;
    case 'strong_open':
      return <strong>{inside()}</strong>;
    case 'em_open':
      return <em>{inside()}</em>;
    case 's_open':
      return <s>{inside()}</s>;
    case 'code_inline':
      return <code>{token.content}</code>;
    case 'fence':
    case 'code_block':
      return <Code text={token.content} language={token.info.trim().split(/\s/)[0] ?? ''} />;
    case 'bullet_list_open':
      return <ul>{inside()}</ul>;
    case 'ordered_list_open': {
      const start = Number(token.attrGet('start') ?? 1);
      return <ol start={Number.isSafeInteger(start) ? start : 1}>{inside()}</ol>;
    }
    case 'list_item_open':
      return <li>{inside()}</li>;
    case 'blockquote_open':
      return <blockquote>{inside()}</blockquote>;
    case 'hr':
      return <hr />;
    case 'table_open':
      return (
        <div className={css.table} tabIndex={0} role="region" aria-label="Table">
          <table>{inside()}</table>
        </div>
      );
    case 'thead_open':
      return <thead>{inside()}</thead>;
    case 'tbody_open':
      return <tbody>{inside()}</tbody>;
    case 'tr_open':
      return <tr>{inside()}</tr>;
    case 'th_open':
      return <th>{inside()}</th>;
    case 'td_open':
      return <td>{inside()}</td>;
    case 'link_open':
      return <AgentLink href={attribute(token, 'href')}>{inside()}</AgentLink>;
    case 'image':
      return <AgentImage src={attribute(token, 'src')} alt={token.content} />;
    default:
      return token.content === '' ? inside() : token.content;
  }
}

function attribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? '');
}

/** A link shows where it leads, because its words are the agent's. */
function AgentLink({ href, children }: { href: string; children: ReactNode }): ReactNode {
  const link = safeLink(href);
  if (link === null) {
    return (
      <span className={css.inert} title={href}>
        {children}
      </span>
    );
  }
  return (
    <a href={link.href} target="_blank" rel="noopener noreferrer nofollow" title={link.href}>
      {children}
      <span className={css.host}> {link.host}</span>
    </a>
  );
}

/** An image of elsewhere is not fetched: who asks for it learns that somebody looked. */
function AgentImage({ src, alt }: { src: string; alt: string }): ReactNode {
  if (isInlineImage(src)) return <img src={src} alt={alt} />;
  const link = safeLink(src);
  if (link === null) return <span className={css.inert}>{alt}</span>;
  return <AgentLink href={src}>{alt === '' ? 'image' : alt}</AgentLink>;
}

function Code({ text, language }: { text: string; language: string }): ReactNode {
  return (
    <figure className={css.code}>
      <figcaption>
        <span>{language}</span>
        <Copy text={text} label="Copy the code" />
      </figcaption>
      <pre tabIndex={0} aria-label={language === '' ? 'Code' : `Code, ${language}`} role="region">
        <code>{text.replace(/\n$/, '')}</code>
      </pre>
    </figure>
  );
}
